"""The experiment: whatever a user saw or typed is there again, after every fault of the network and of processes.

proxy.py does what networks do, kills.py ends processes, property.py says what must hold afterwards; `make faults` runs
all of it at a larger size and prints the table of the README.
"""
