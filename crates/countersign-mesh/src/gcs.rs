//! A Golomb-coded set: which of many ids somebody has, in nine bits each, wrong once in 128.
