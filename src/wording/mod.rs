//! Every French word that is not a template, a standard reply or the grammar's help.
//!
//! Pure. May import: domain, command, view, minijinja.
