//! Pages for a printer: one for each pair, and a sheet for the batch. No script, nothing fetched.

use crate::label::Label;
use crate::mark::Colour;
use crate::plan::Plan;
use countersign_html::Text;
use countersign_league::evidence::PairCertificate;
use countersign_sheets::Qr;
use std::fmt::Write;

/// A fingerprint in groups of eight, as people compare it.
fn groups(digits: &str) -> String {
    let groups: Vec<_> = digits.as_bytes().chunks(8).map(String::from_utf8_lossy).collect();
    groups.join(" ")
}

/// The page of a pair: its mark, the code that joins its Wi-Fi, and the code that names it.
pub(crate) fn page(label: &Label, wifi: &Qr, claim: &Qr) -> String {
    let serial = Text(&label.serial);
    let host = match label.host.as_str() {
        "" => String::new(),
        host => format!("<p>Page <b>https://{}/</b></p>", Text(host)),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{serial} {mark}</title>\n\
         <style>{PAGE_STYLE}</style>\n\
         <header><i style=\"background:{css}\"></i><h1>{mark}</h1><p>{serial}<br>6 to {players} players</p></header>\n\
         <main><section>{wifi}<h2>1 Join its Wi-Fi</h2><p>Name <b>{name}</b></p><p>Passphrase <b>{passphrase}</b></p>\
         </section>\n\
         <section>{claim}<h2>2 Check that it is the one</h2><p>Pair <code>{device}</code></p>{host}</section></main>\n\
         <footer>Master's key <code>{master}</code><br>Slave's key <code>{slave}</code></footer>\n</html>\n",
        mark = Text(&label.mark),
        css = Colour::of(&label.mark).css,
        players = label.max_players,
        wifi = wifi.svg().trim_end(),
        name = Text(label.wifi.name.as_str()),
        passphrase = Text(label.wifi.passphrase.expose()),
        claim = claim.svg().trim_end(),
        device = groups(&label.device.to_string()),
        master = groups(&label.master.to_string()),
        slave = groups(&label.slave.to_string()),
    )
}

/// The sheet of a batch: every pair with a box to tick. No passphrase stands on it.
pub fn sheet(plan: &Plan, pairs: &[PairCertificate]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Batch {batch}</title>\n\
         <style>{SHEET_STYLE}</style>\n<h1>{count} pairs, up to {players} players</h1>\n\
         <p>Batch {batch}, made at {station}. Tick a pair when both halves are flashed, marked and labelled.</p>\n\
         <table><thead><tr><th>Mark<th>Serial<th>Device<th>Master's fingerprint<th>Slave's fingerprint\
         <th>Flashed<th>Marked<th>Tested</thead>\n",
        batch = plan.batch,
        count = pairs.len(),
        players = plan.max_players,
        station = Text(&plan.station),
    );
    for pair in pairs {
        let [master, slave] = [&pair.master, &pair.slave].map(|key| key.fingerprint().to_string());
        // Writing to a string cannot fail.
        let _done = writeln!(
            out,
            "<tr><td><i style=\"background:{}\"></i>{}<td>{}<td>{}<td>{}<td>{}<td>☐<td>☐<td>☐",
            Colour::of(&pair.mark).css,
            Text(&pair.mark),
            Text(&pair.serial),
            pair.device,
            &master[..16],
            &slave[..16],
        );
    }
    out.push_str("</table>\n</html>\n");
    out
}

const PAGE_STYLE: &str = "\
@page{size:A5 landscape;margin:8mm}\
body{font:11pt/1.35 system-ui,sans-serif;color:#000;background:#fff;margin:0 auto;max-width:190mm;padding:4mm}\
header{display:flex;align-items:center;gap:5mm}\
header i{width:18mm;height:18mm;border-radius:50%;-webkit-print-color-adjust:exact;print-color-adjust:exact}\
h1{font-size:34pt;margin:0;flex:1}header p{margin:0;text-align:right;font-size:13pt}\
main{display:flex;gap:10mm;margin:4mm 0}section{flex:1;min-width:0}section svg{width:100%;max-width:58mm;display:block}\
h2{font-size:13pt;margin:2mm 0 1mm}section p{margin:.5mm 0;overflow-wrap:anywhere}\
code{font:9pt ui-monospace,monospace}footer code,footer{font-size:7.5pt}";

const SHEET_STYLE: &str = "\
@page{size:A4 landscape;margin:10mm}\
body{font:10pt/1.3 system-ui,sans-serif;color:#000;background:#fff;margin:0 auto;max-width:280mm;padding:4mm}\
h1{font-size:16pt;margin:0}table{border-collapse:collapse;width:100%}thead{display:table-header-group}\
th,td{text-align:left;padding:1mm 2mm;border-bottom:.2mm solid #999;white-space:nowrap}tr{break-inside:avoid}\
td i{display:inline-block;width:4mm;height:4mm;border-radius:50%;margin-right:2mm;vertical-align:-.6mm;\
-webkit-print-color-adjust:exact;print-color-adjust:exact}\
td:nth-child(n+3):nth-child(-n+5){font:8.5pt ui-monospace,monospace}";
