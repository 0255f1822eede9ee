"""One figure a module: its data -> its markup. `card` is the frame that they share."""
