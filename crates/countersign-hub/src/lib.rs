//! The venue's server: it takes votes from the mesh, keeps them, answers with receipts and shows the tally. Offline all day.
