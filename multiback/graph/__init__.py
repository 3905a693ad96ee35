"""The one intermediate representation: values, equations, graphs, and what is done to them."""
