//! The checker as a whole, against servers that tell the truth and servers that lie.
