"""The suite's data: each subject beside its definition in NumPy float64, written without the code that is judged."""
