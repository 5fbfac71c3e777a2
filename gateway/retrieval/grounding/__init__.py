"""Whether what an answer says stands in its passages, told without a language model."""
