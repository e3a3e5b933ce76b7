"""Recipe that builds the small models shipped inside the package.

Run ``python -m tools.train_bundled transformer`` from the repository root.  The corpus and the
tokenizer know nothing about the model, so that several models can be trained on the same data.
"""
