"""Other ways to embed, to weigh terms, to rank again and to cut, each chosen by configuration.

Models come from local paths or from servers the operator names; nothing is downloaded.
"""
