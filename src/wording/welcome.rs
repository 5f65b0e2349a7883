//! What the demo says when it starts, and `serve` on a desk without agents.

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

/// Nobody is there yet: where the first one comes in.
pub fn first(link: &str) -> String {
    format!(
        "\n  Ce Guichet n’a encore personne. Pour en créer le premier administrateur, ouvrez\u{a0}:\n\n  {link}\n\n  \
         Ce lien ne sert qu’une fois, dans les 24\u{a0}heures\u{a0}; le prochain démarrage en écrit un autre. Ou bien\u{a0}: \
         `guichet agent add NOM --role admin`.\n"
    )
}
