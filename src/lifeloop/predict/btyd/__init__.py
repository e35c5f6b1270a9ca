"""Buy till you die: BG/NBD and Gamma-Gamma, and what follows from them for one customer."""
