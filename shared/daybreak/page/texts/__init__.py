"""Every word of the page, in each language. Names and descriptions are the team's own, and stay as they are."""
