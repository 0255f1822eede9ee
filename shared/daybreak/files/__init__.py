"""Files of events: read, judged, computed, and the tables written from them."""
