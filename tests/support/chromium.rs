//! A real browser without a window: what a person sees and clicks on the pages.
//!
//! Chromium is spoken to in its DevTools protocol over a pipe: JSON, a NUL after each message. Each browser has a
//! profile of its own and ends when dropped.

use super::{PATIENCE, folder, is_root, on_path, tail, wait_for};
use base64::Engine;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// A browser with one page.
pub struct Chromium {
    browser: Child,
    commands: Option<ChildStdin>,
    messages: Receiver<Value>,
    folder: PathBuf,
    session: Option<String>,
    last_id: u64,
    complaints: Vec<String>,
    /// Of service workers: where each acts, and its number.
    workers: Vec<(String, String)>,
}

impl Chromium {
    /// Opens an empty page of `width` × `height` pixels.
    ///
    /// # Panics
    /// When Chromium is not installed, or does not start.
    pub fn open(width: u32, height: u32) -> Chromium {
        let program = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(|name| on_path(name).into_iter().next())
            .unwrap_or_else(|| panic!("`chromium` is not installed: run ./scripts/test"));
        let folder = folder("chromium");
        let log = std::fs::File::create(folder.join("log")).expect("it is our folder");
        let mut shell = Command::new("/bin/sh");
        // Chromium reads commands from descriptor 3 and answers on 4.
        shell.args(["-c", r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null"#, "chromium"]).arg(program);
        shell.args(["--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"]);
        shell.args(["--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions"]);
        shell.args(["--lang=fr", "--hide-scrollbars"]);
        shell.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        shell.arg(format!("--window-size={width},{height}"));
        if is_root() {
            shell.arg("--no-sandbox");
        }
        shell.env("HOME", &folder).env("LANGUAGE", "fr").process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut browser = shell.spawn().expect("/bin/sh can be started");
        let answers = browser.stdout.take().expect("asked for above");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut answers = BufReader::new(answers);
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let commands = browser.stdin.take();
        let (session, complaints) = (None, Vec::new());
        let workers = Vec::new();
        let mut page =
            Chromium { browser, commands, messages, folder, session, last_id: 0, complaints, workers };
        let target = page.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            page.ask("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.ask(domain, json!({}));
        }
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        page.ask("Emulation.setDeviceMetricsOverride", size);
        page
    }

    /// Takes any certificate from here on: that of a host made for a test.
    pub fn trust_any_certificate(&mut self) {
        let session = self.session.take();
        self.ask("Security.setIgnoreCertificateErrors", json!({ "ignore": true }));
        self.session = session;
        self.ask("Security.setIgnoreCertificateErrors", json!({ "ignore": true }));
    }

    /// Lets pages of an origin do what a person would be asked about.
    pub fn grant(&mut self, permission: &str, origin: &str) {
        let session = self.session.take();
        self.ask("Browser.grantPermissions", json!({ "permissions": [permission], "origin": origin }));
        self.session = session;
    }

    /// Runs a script before those of each page from here on.
    pub fn on_each_page(&mut self, script: &str) {
        self.ask("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Brings a push to the service worker that acts on pages below this address, until `shown` is true: one that is just
    /// starting may miss the first, as browsers do.
    ///
    /// # Panics
    /// When there never is one, or it never shows it.
    pub fn push(&mut self, origin: &str, below: &str, data: &str, shown: &str) {
        self.ask("ServiceWorker.enable", json!({}));
        let scope = format!("{origin}{below}");
        let start = std::time::Instant::now();
        let registration = loop {
            self.evaluate("0");
            if let Some((_, id)) = self.workers.iter().find(|(at, _)| *at == scope) {
                break id.clone();
            }
            assert!(start.elapsed() < PATIENCE, "no service worker for {scope}: {:?}", self.workers);
        };
        let push = json!({ "origin": origin, "registrationId": registration, "data": data });
        while self.try_evaluate(shown) != Ok(Value::Bool(true)) {
            assert!(start.elapsed() < PATIENCE, "never shown: {shown}");
            self.ask("ServiceWorker.deliverPushMessage", push.clone());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// Goes to an address and waits until the page is loaded.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub fn go(&mut self, url: &str) {
        // A mark on the page that is left tells it from the next: the load of a form sent just now may come late.
        self.wait_until("(window.left = true)");
        let answer = self.ask("Page.navigate", json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{url}: {}", answer["errorText"]);
        self.wait_until("!window.left && document.readyState === 'complete'");
    }

    /// What a person reads on the page.
    pub fn text(&mut self) -> String {
        self.evaluate("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// The value of a JavaScript expression.
    ///
    /// # Panics
    /// When it throws.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// What axe-core finds wrong with the page for people who see, hear or move differently, a line for each rule and element.
    ///
    /// # Panics
    /// When axe-core is not there.
    pub fn barriers(&mut self) -> Vec<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/package/axe.min.js");
        let axe = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}: run ./scripts/test", file.display()));
        // A mail's own HTML stands in a frame that nothing of ours enters.
        let run = "window.found = null; axe.run(document, { iframes: false }).then((done) => { window.found = done.violations
            .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`)); }); true";
        self.evaluate(&format!("{axe}; true"));
        self.evaluate(run);
        self.wait_until("window.found !== null");
        let found = self.evaluate("window.found");
        found
            .as_array()
            .expect("a list")
            .iter()
            .map(|line| line.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Waits until the page says `text` somewhere.
    ///
    /// # Panics
    /// When it never does; with what it says instead.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_until(&format!("document.body.innerText.includes({})", json!(text)));
    }

    /// Waits until an expression is true. While a page gives way to the next there is nothing to ask: not yet.
    ///
    /// # Panics
    /// When it never is; with what the page says.
    pub fn wait_until(&mut self, expression: &str) {
        let start = std::time::Instant::now();
        while self.try_evaluate(expression) != Ok(Value::Bool(true)) {
            assert!(start.elapsed() < PATIENCE, "never true: {expression}\nThe page:\n{}", self.text());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Waits until the page has an element that matches: the load of an earlier page may be told late.
    fn wait_for_element(&mut self, selector: &str) {
        self.wait_until(&format!("document.querySelector({}) !== null", json!(selector)));
    }

    /// Clicks in the middle of the first element that matches, once it is there, as a mouse would.
    ///
    /// # Panics
    /// When there never is one, or something else covers it.
    pub fn click(&mut self, selector: &str) {
        self.wait_for_element(selector);
        let find = format!(
            "(() => {{ const e = document.querySelector({}); if (!e) return 'no such element';
             e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); const r = e.getBoundingClientRect();
             const x = r.x + r.width / 2, y = r.y + r.height / 2; const top = document.elementFromPoint(x, y);
             return top && (e.contains(top) || top.contains(e)) ? [x, y] : 'something covers it'; }})()",
            json!(selector)
        );
        let place = self.evaluate(&find);
        let [x, y] = place.as_array().map(Vec::as_slice).unwrap_or_default() else {
            panic!("{selector}: {place}");
        };
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", event);
        }
    }

    /// Replaces what stands in a field, once it is there, as a keyboard would.
    ///
    /// # Panics
    /// When there never is such a field.
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.wait_for_element(selector);
        let focus = format!(
            "(() => {{ const e = document.querySelector({}); e.focus(); e.select?.(); return true; }})()",
            json!(selector)
        );
        self.evaluate(&focus);
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Presses Enter where the cursor stands.
    pub fn press_enter(&mut self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
            self.ask("Input.dispatchKeyEvent", key);
        }
    }

    /// Presses the key of a character where the cursor stands, once the page's scripts hear it.
    pub fn key(&mut self, character: &str) {
        self.wait_until("document.readyState === 'complete'");
        for kind in ["keyDown", "keyUp"] {
            self.ask("Input.dispatchKeyEvent", json!({ "type": kind, "key": character, "text": character }));
        }
    }

    /// Presses Escape where the cursor stands.
    pub fn press_escape(&mut self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27 });
            self.ask("Input.dispatchKeyEvent", key);
        }
    }

    /// From now on the person prefers dark pages.
    pub fn prefer_dark(&mut self) {
        let dark = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": dark }));
    }

    /// Writes what is seen as a PNG.
    pub fn picture(&mut self, path: &Path) {
        let shot = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let png = base64::engine::general_purpose::STANDARD
            .decode(shot["data"].as_str().unwrap_or_default())
            .expect("DevTools sends base64");
        std::fs::write(path, png).expect("the picture can be written");
    }

    /// What the browser complained of so far: scripts that threw, refused resources, errors on the console.
    pub fn complaints(&mut self) -> &[String] {
        // An answer comes after all that happened before it.
        self.evaluate("0");
        &self.complaints
    }

    fn try_evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.try_ask("Runtime.evaluate", asked)?;
        match &answer["exceptionDetails"] {
            Value::Null => Ok(answer["result"]["value"].clone()),
            thrown => Err(thrown["exception"]["description"].as_str().unwrap_or("it throws").to_owned()),
        }
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.try_ask(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_ask(&mut self, method: &str, parameters: Value) -> Result<Value, String> {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let pipe = self.commands.as_mut().expect("taken only by drop");
        let sent = pipe.write_all(format!("{command}\0").as_bytes());
        assert!(sent.is_ok(), "Chromium is gone:\n{}", tail(&self.folder.join("log")));
        loop {
            let message = self.next_message();
            if message["id"] == id {
                return match &message["error"] {
                    Value::Null => Ok(message["result"].clone()),
                    error => Err(error["message"].to_string()),
                };
            }
        }
    }

    /// The next message of the browser; what it tells by the way is noted.
    fn next_message(&mut self) -> Value {
        let message = self
            .messages
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("Chromium: {error}\n{}", tail(&self.folder.join("log"))));
        let about = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => {
                self.complaints.push(about["exceptionDetails"]["exception"]["description"].to_string());
            }
            "Runtime.consoleAPICalled" if about["type"] == "error" => {
                self.complaints.push(about["args"].to_string());
            }
            "Log.entryAdded" if about["entry"]["level"] == "error" => {
                self.complaints.push(format!("{} {}", about["entry"]["text"], about["entry"]["url"]));
            }
            "ServiceWorker.workerRegistrationUpdated" => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let registered = about["registrations"].as_array().into_iter().flatten();
                self.workers
                    .extend(registered.map(|one| (text(&one["scopeURL"]), text(&one["registrationId"]))));
            }
            _ => {}
        }
        message
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Chromium ends when its pipe closes, but takes its time; nothing in its profile is wanted.
        drop(self.commands.take());
        let _ = Command::new("/bin/sh")
            .args(["-c", "kill -s KILL -- \"-$0\"", &self.browser.id().to_string()])
            .status();
        let _ = self.browser.wait();
        wait_for("the end of the browser's last process", || {
            let _ = std::fs::remove_dir_all(&self.folder);
            (!self.folder.exists()).then_some(())
        });
    }
}
