//! What the demo says when it starts.

/// Where to look, and what to try.
pub fn demo(port: u16, folder: &str) -> String {
    format!(
        "\n  Guichet — démonstration\n\n  \
         Ouvrez   http://localhost:{port}/admin/support\n  \
         Essayez  /ticket status 1 resolved   dans la console de la page\n  \
         Cloche   http://localhost:{port}/demo/application\n  \
         Dossier  {folder} (effacez-le pour tout recommencer)\n\n  \
         Aucun mail ne quitte cette machine. Ctrl-C pour arrêter.\n"
    )
}
