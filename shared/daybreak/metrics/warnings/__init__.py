"""What would be silent and must speak: doubts about the numbers, found in what the events were like."""
