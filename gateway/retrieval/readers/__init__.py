"""One reader per format: bytes in, text with headings, pages and a report out. Runs in the parser's child."""
