"""Models of the suite: each module gives `model()`, compiled, under the selected dtype policy, and `data()`: x and y.

They are written as a person writes models. The data have structure that can be learnt, and no two equal numbers where a
tie would be a matter of rounding.
"""
