//! What is printed is read back: codes by another implementation, PDF by a small reader of what we write.

mod pages;
mod pdf;
mod qr;
