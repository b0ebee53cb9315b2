"""The sentences of the methods paragraph, by what they are about; each file takes a model and its results."""
