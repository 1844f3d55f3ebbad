"""Fuzz targets: functions of bytes that must not crash, run by a fuzzer, by hand, and briefly by pytest."""
