"""The records and protocols that every chapter speaks: machine, process, job, snapshot, step, report."""
