"""The deliveries of the tools that Daybreak knows, as events.

Names and ids are those that `daybreak import` gives to the same tool's export, so that history and webhook are one.
Texts that people wrote (subjects, comments, answers) are left out.
"""
