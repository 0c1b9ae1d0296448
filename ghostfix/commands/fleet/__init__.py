"""What a fleet's report is made of: what is asked of the hosts, what they answer, and how it is shown."""
