"""The report's charts: each is drawn from a CSV in report/measurements, in grey-safe colours, as SVG."""
