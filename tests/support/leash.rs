//! A server process that never outlives the test process, not even one that is killed.
//!
//! The server is the child of a small shell that holds the other end of a pipe: when the pipe closes (drop,
//! panic, SIGKILL of the tests), the shell ends the server and removes its folder. May import: std.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `$1` the signal that ends the server, `$2` its folder, `$3` its log, then the server's own command line.
/// `setsid` gives the server a process group of its own, so that the signal reaches every process of it at once.
/// It has ended when the last of its processes has: a worker can hold the listening socket a moment longer.
/// The word `keep` on the pipe ends the server and leaves the folder for a restart.
const GUARD: &str = r#"
signal=$1 folder=$2 log=$3
shift 3
exec 3<&0
setsid "$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
(
    word=
    read -r word <&3 || :
    [ "$word" = keep ] || : >"$folder/.remove"
    kill -s "$signal" -- "-$server" 2>/dev/null || { [ "$word" = keep ] || rm -rf -- "$folder"; }
) &
exec 3<&- </dev/null
wait "$server"
code=$?
tries=0
while kill -s 0 -- "-$server" 2>/dev/null && [ "$tries" -lt 100 ]; do
    sleep 0.01
    tries=$((tries + 1))
done
[ -e "$folder/.remove" ] && rm -rf -- "$folder"
exit "$code"
"#;

/// Who the server runs as, when the tests run as root.
pub type Account = Option<(u32, u32)>;

/// A running server.
pub struct Leash {
    guard: Child,
}

impl Leash {
    /// Starts `command_line` (the program first) in the background. `signal` is what ends it and
    /// all its processes at once, such as `KILL`; all it prints goes to `log`.
    pub fn start(signal: &str, folder: &Path, log: &Path, account: Account, command_line: &[&str]) -> Leash {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(GUARD).arg("leash").arg(signal).arg(folder).arg(log).args(command_line);
        // A group of its own: Ctrl-C reaches the tests, and the closing pipe reaches the server.
        shell.current_dir(folder).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = account {
            shell.uid(user).gid(group);
        }
        Leash { guard: shell.spawn().expect("/bin/sh can be started") }
    }

    /// Whether the server still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.guard.try_wait(), Ok(None))
    }

    /// Ends the server and waits for it; its folder stays.
    pub fn stop_and_keep_the_folder(&mut self) {
        if let Some(mut pipe) = self.guard.stdin.take() {
            let _ = pipe.write_all(b"keep\n");
        }
        let _ = self.guard.wait();
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
