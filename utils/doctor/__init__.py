"""What a machine lacks for a run, in short checks that name the cure; imports whatever it needs."""
