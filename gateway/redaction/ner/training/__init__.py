"""How the name model was made: data, synthetic texts, training, export. Needs PyTorch; nothing of it is used at run time."""
