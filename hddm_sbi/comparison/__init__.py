"""Which of several models of the same trials predicts best."""
