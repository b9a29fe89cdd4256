mod dag;
mod ipfs;
mod local;
mod names;
mod several;
mod unpin;
