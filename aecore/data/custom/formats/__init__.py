"""The file formats that images come in: arrays, tables and pictures, and those not read."""
