//! What reports are read with by others: a browser, a packet analyser.

mod common;

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

/// The first of these programs that is installed. Where none is, the test ends: in CI as failed, else with a word on how to
/// get it.
fn installed(names: &[&str], package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let found = found.into_iter().find(|file| file.is_file());
    let missing = format!("{} is not installed; `apt-get install {package}` does it", names[0]);
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "{missing}");
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "not tested: {missing}");
    }
    found
}

fn gauntlet(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = common::gauntlet(folder, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn an_analyser_reads_captures_decrypted() {
    let Some(tshark) = installed(&["tshark"], "tshark") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for version in ["tls1.3", "tls1.2"] {
        let scenario = format!(
            "title: A plain handshake\nnote: Not about this rule.\nrequirements: [rfc9846-4.2.3-01]\npeer: client\n\
             version: {version}\nflow:\n  - handshake: full\n  - expect: accept\n"
        );
        fs::write(folder.path().join("plain.yaml"), scenario).expect("written");
        let (status, text) = gauntlet(folder.path(), &["run", "plain.yaml", "--keep", "all", "--out", version]);
        assert_eq!(status, Some(0), "{text}");
        let capture = folder.path().join(version).join("evidence/embedded-openssl/plain/capture.pcapng");
        let output = Command::new(&tshark).arg("-V").arg("-r").arg(&capture).output().expect("it starts");
        let read = String::from_utf8_lossy(&output.stdout);
        for shown in ["Handshake Protocol: Client Hello", "Handshake Protocol: Finished", "GET / HTTP/1.0"] {
            assert!(read.contains(shown), "{version}: no `{shown}` in\n{read}");
        }
        if version == "tls1.3" {
            assert!(read.contains("Handshake Protocol: Encrypted Extensions"), "{read}");
        }
        assert!(!read.contains("Malformed") && !read.contains("incorrect"), "{version}:\n{read}");
    }
}

/// Three targets with ten thousand cases each, made of a small run: its folder.
fn large_report(folder: &Path) -> PathBuf {
    let (_, text) = gauntlet(folder, &["run", "--corpus", CORPUS, "--no-baseline", "--quiet", "--out", "real"]);
    assert!(folder.join("real/results.jsonl").is_file(), "{text}");
    common::large::multiply(&folder.join("real/results.jsonl"));
    folder.join("real")
}

/// Chromium without a window, spoken to through a pipe in the DevTools protocol: JSON, each message ended by a NUL.
struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    asked: u64,
    /// What scripts threw.
    thrown: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    fn start(program: &Path) -> Browser {
        let profile = tempfile::tempdir().expect("a folder");
        // It reads from descriptor 3 and writes to 4.
        let script = "exec \"$0\" --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
                      --disable-component-update --remote-debugging-pipe --user-data-dir=\"$1\" \
                      3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut browser =
            Browser { child, input, output, session: None, asked: 0, thrown: Vec::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable"] {
            browser.call(domain, json!({}));
        }
        browser
    }

    /// Asks, and waits for the answer.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).and_then(|()| self.input.flush()).expect("the browser runs");
        loop {
            let mut answer = Vec::new();
            let read = self.output.read_until(0, &mut answer).expect("the browser answers");
            assert!(read > 0, "the browser ended");
            let answer: Value = serde_json::from_slice(&answer[..read - 1]).expect("JSON");
            if answer["method"] == "Runtime.exceptionThrown" {
                self.thrown.push(answer["params"].to_string());
            }
            if answer["id"] == json!(self.asked) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The value of an expression; of a promise what it promises.
    fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }

    fn number(&mut self, expression: &str) -> f64 {
        self.value(expression).as_f64().unwrap_or(f64::NAN)
    }

    /// Opens a file; milliseconds until it was loaded and its script had run.
    fn open(&mut self, file: &Path) -> f64 {
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        self.number(
            "new Promise(done => { const look = () => { const end = performance.getEntriesByType('navigation')[0].loadEventEnd; \
             if (end > 0 && document.documentElement.dataset.ready) done(end); else setTimeout(look, 5); }; look(); })",
        )
    }

    /// Clicks in the middle of what an expression gives.
    fn click(&mut self, element: &str) {
        let place = self.value(&format!(
            "(() => {{ const node = {element}; node.scrollIntoView({{ block: 'center' }}); const box = node.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
        // What a click leads to comes as a task of its own.
        self.value("new Promise(done => setTimeout(done, 0))");
    }

    fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        for kind in ["keyDown", "keyUp"] {
            self.call(
                "Input.dispatchKeyEvent",
                json!({ "type": kind, "key": key, "code": key, "text": if kind == "keyDown" { text } else { "" } }),
            );
        }
        self.value("new Promise(done => setTimeout(done, 0))");
    }

    fn size(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    fn background(&mut self) -> String {
        self.text("getComputedStyle(document.body).backgroundColor")
    }
}

#[test]
fn a_browser_opens_a_large_report_and_clicks_through() {
    let Some(chromium) = installed(&["chromium", "chromium-browser", "google-chrome"], "chromium") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = large_report(folder.path());
    let began = Instant::now();
    let (status, text) = gauntlet(folder.path(), &["report", "real", "--quiet"]);
    assert_eq!(status, Some(1), "{text}");
    let rendered = began.elapsed();
    let mut browser = Browser::start(&chromium);
    browser.size(1300, 900);
    let page = run.join("index.html");
    let opened = (0..3).map(|_| browser.open(&page)).fold(f64::INFINITY, f64::min);
    let size = fs::metadata(&page).map_or(0, |data| data.len());
    let _ = writeln!(std::io::stderr(), "30,000 cases: all reports in {rendered:?}, {size} bytes, open in {opened} ms");
    assert!(opened < 1000.0, "{opened} ms");
    assert!(rendered < Duration::from_secs(60), "{rendered:?}");

    the_table_is_filtered(&mut browser);
    a_case_is_looked_at(&mut browser);
    targets_are_compared(&mut browser);
    it_can_be_dark(&mut browser);
    it_fits_narrow_windows(&mut browser);
    it_prints_dark_on_white(&mut browser);
    assert_eq!(browser.number("performance.getEntriesByType('resource').length"), 0.0, "nothing is fetched");
    assert_eq!(browser.value("window.owned ?? null"), Value::Null);
    assert!(browser.thrown.is_empty(), "{:?}", browser.thrown);
}

fn the_table_is_filtered(browser: &mut Browser) {
    browser.click("document.querySelector('nav a[href=\"#/cases\"]')");
    assert_eq!(browser.number("document.querySelectorAll('.cases tbody tr').length"), 200.0);
    assert_eq!(browser.text("document.getElementById('shown').textContent"), "30000 cases");
    browser.press("/");
    browser.call("Input.insertText", json!({ "text": "legacy_version gamma" }));
    let shown = browser.text("document.getElementById('shown').textContent");
    assert!(shown.ends_with(" cases of 30000") && !shown.starts_with("0 "), "{shown}");
    let rows = "[...document.querySelectorAll('.cases tbody tr')]";
    assert_eq!(browser.value(&format!("{rows}.every(row => row.textContent.includes('gamma'))")), true);
    browser.click("document.querySelector('.toggle input[value=pass]')");
    let kinds =
        browser.value("[...new Set([...document.querySelectorAll('.cases .chip')].map(chip => chip.textContent))]");
    assert!(!kinds.as_array().expect("a list").contains(&json!("pass")), "{kinds}");
    let kept = browser.text("location.hash");
    assert!(kept.contains("q=legacy_version+gamma"), "what is looked at can be sent on: {kept}");
}

fn a_case_is_looked_at(browser: &mut Browser) {
    browser.click("document.querySelector('.cases tbody a')");
    let page = browser.text("document.getElementById('view').innerText");
    for part in ["MUST", "Expected", "reject: protocol_version", "Came", "went on with server_hello", "gauntlet replay"]
    {
        assert!(page.contains(part), "no `{part}` in {page}");
    }
    let mark = browser.text("document.querySelector('.yaml mark').textContent");
    assert!(mark.starts_with("expect"), "{mark}");
    // The ladder is drawn when there is a frame to draw it in.
    browser.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    let messages = browser.number("document.querySelectorAll('svg.ladder g[tabindex]').length");
    assert!(messages >= 2.0, "{messages} messages");
    let shown = browser.text("document.querySelector('.panel').innerText");
    assert!(shown.contains("As meant") && shown.contains("As the target reads it"), "{shown}");
    browser.click("document.querySelectorAll('svg.ladder g[tabindex]')[1]");
    assert!(browser.text("document.querySelector('.panel h3').textContent").contains("server_hello"));
    browser.value("document.querySelectorAll('svg.ladder g[tabindex]')[1].focus()");
    browser.press("ArrowUp");
    assert_eq!(browser.text("document.querySelector('.panel h3').textContent"), "client_hello");
    // A field lights up its bytes.
    browser.value("document.querySelector('.tree').children[2].dispatchEvent(new MouseEvent('mouseenter'))");
    assert!(browser.number("document.querySelectorAll('.hex .on').length") > 0.0);
    let hostile = "[...document.querySelectorAll('#view img, #view script')].length";
    browser.value("location.hash = '#/cases?q=onerror'");
    browser.value("new Promise(done => setTimeout(done, 50))");
    assert!(browser.text("document.querySelector('.cases').innerText").contains("<img src=x"));
    assert_eq!(browser.number(hostile), 0.0);
}

fn targets_are_compared(browser: &mut Browser) {
    browser.click("document.querySelector('nav a[href=\"#/matrix\"]')");
    assert!(browser.number("document.querySelectorAll('.matrix tbody tr').length") >= 3.0);
    let before = browser.number("document.querySelectorAll('.matrix tbody tr').length");
    browser.click("document.querySelector('.filter input[type=checkbox]')");
    assert!(browser.number("document.querySelectorAll('.matrix tbody tr').length") <= before);
    assert!(browser.text("document.getElementById('view').innerText").contains("Where targets differ"));
    browser.click("document.querySelector('nav a[href=\"#/requirements\"]')");
    assert!(browser.number("document.querySelectorAll('.section .cell.broken').length") > 0.0);
    assert!(browser.number("document.querySelectorAll('table.coverage tbody tr').length") > 0.0);
    browser.click("document.querySelector('.section .cell.broken').closest('.section')");
    browser.value("new Promise(done => setTimeout(done, 50))");
    assert!(browser.text("document.querySelector('.rules').innerText").contains("MUST"));
    browser.click("document.querySelector('nav a[href=\"#/probe\"]')");
    assert!(browser.text("document.getElementById('view').innerText").contains("TLS_AES_128_GCM_SHA256"));
    browser.click("document.querySelector('nav a[href=\"#/cost\"]')");
    assert!(browser.number("document.querySelectorAll('table.cost tbody tr').length") >= 6.0);
    assert!(browser.number("document.querySelectorAll('svg.plot rect').length") >= 12.0);
}

fn it_can_be_dark(browser: &mut Browser) {
    let light = browser.background();
    browser.click("document.getElementById('theme')");
    assert_eq!(browser.text("document.documentElement.dataset.theme"), "light");
    browser.click("document.getElementById('theme')");
    let dark = browser.background();
    assert_ne!(light, dark);
    browser.click("document.getElementById('theme')");
    assert_eq!(browser.background(), light);
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.call("Emulation.setEmulatedMedia", media);
    assert_eq!(browser.background(), dark, "as the system has it");
}

fn it_prints_dark_on_white(browser: &mut Browser) {
    browser.value("document.documentElement.dataset.theme = 'dark'");
    let media =
        |name: &str| json!({ "media": name, "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.call("Emulation.setEmulatedMedia", media("screen"));
    let screen = browser.background();
    assert_eq!(browser.text("getComputedStyle(document.querySelector('.top')).display"), "block");
    browser.call("Emulation.setEmulatedMedia", media("print"));
    assert_eq!(browser.background(), "rgb(255, 255, 255)", "and not {screen}");
    assert_eq!(browser.text("getComputedStyle(document.body).color"), "rgb(0, 0, 0)");
    assert_eq!(browser.text("getComputedStyle(document.querySelector('.top')).display"), "none");
}

fn it_fits_narrow_windows(browser: &mut Browser) {
    browser.size(390, 800);
    for part in ["", "requirements", "cases", "matrix", "probe", "cost"] {
        browser.value(&format!("location.hash = '#/{part}'"));
        browser.value("new Promise(done => setTimeout(done, 50))");
        let wide = browser.number("document.documentElement.scrollWidth");
        assert!(wide <= 391.0, "`{part}` is {wide} wide");
    }
}
