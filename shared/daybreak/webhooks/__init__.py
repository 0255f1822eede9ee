"""What other tools send to /v1/hook/NAME, as events.

signatures   is it really from this tool, and is it new
body         its bytes -> a `Delivery`
vendors      the deliveries of the tools that Daybreak knows -> events
unread       a delivery that nothing maps: its record in the quarantine, and that record read again
receive      a request -> an intake, with all of these; and a record of the quarantine judged again
"""
