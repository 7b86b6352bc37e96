"""The lesson body as a library: what a block is, how it is checked, rendered and compiled. Knows no models."""
