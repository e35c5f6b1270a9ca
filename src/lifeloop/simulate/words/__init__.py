"""The words of the simulated shop, in English and Simplified Chinese."""
