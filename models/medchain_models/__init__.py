"""Training, evaluation and export of MedChain's VGG-16."""
