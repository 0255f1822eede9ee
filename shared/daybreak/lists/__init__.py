"""Lists of people or accounts who did something and not something else, for whatever reminds them."""
