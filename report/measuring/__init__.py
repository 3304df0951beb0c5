"""What the report shows, measured: each step writes a file of report/measurements. See report/measure."""
