'use strict';
// The token stands behind the # of the address: browsers keep that part to themselves, so it is in no log and no referrer.
let token = location.hash.slice(1);
let shown = '';
let timer = 0;
const $ = (id) => document.getElementById(id);

/** An element with text or children; text is never read as HTML. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** A table that scrolls sideways by itself and can be reached by keyboard. Columns: [title, isNumber]. */
function table(caption, columns, rows) {
  const cells = (row) => row.map((cell, index) => {
    const attributes = columns[index][1] ? { class: 'number' } : {};
    return index === 0 ? make('th', { scope: 'row', ...attributes }, cell) : make('td', attributes, cell);
  });
  const head = columns.map(([title, isNumber]) => make('th', { scope: 'col', ...(isNumber ? { class: 'number' } : {}) }, title));
  return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    make('table', {}, make('caption', {}, caption), make('thead', {}, make('tr', {}, ...head)),
      make('tbody', {}, ...rows.map((row) => make('tr', {}, ...cells(row))))));
}

function button(key, text, label, isDanger, act) {
  const attributes = { type: 'button', 'data-key': key, 'aria-label': label };
  const element = make('button', isDanger ? { ...attributes, class: 'danger' } : attributes, text);
  element.addEventListener('click', act);
  return element;
}

async function call(method, path, body) {
  const headers = { authorization: `Bearer ${token}` };
  if (body) headers['content-type'] = 'application/json';
  return fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' });
}

function sure(question, yes) {
  const dialog = $('sure');
  $('sure-text').textContent = question;
  $('sure-yes').textContent = yes;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

async function command(body, question, yes) {
  if (question && !(await sure(question, yes))) return;
  try {
    const answer = await call('POST', '/organiser/command', body);
    const said = await answer.json();
    say(said.text || said.detail || 'Done.', !answer.ok);
  } catch {
    say('The hub does not answer.', true);
  }
  refresh();
}

let saidUntil = 0;
function say(text, isBad) {
  $('status').textContent = text;
  $('status').className = isBad ? 'bad' : '';
  saidUntil = Date.now() + 5000;
}

const STATES = { draft: 'not begun', open: 'open', closed: 'closed' };

function rounds(view) {
  const rows = view.rounds.map((round) => {
    const isOpen = round.state === 'open';
    const [verb, word] = isOpen ? ['close', 'Close'] : ['open', 'Open'];
    const act = () => command({ do: verb, round: round.number },
      isOpen ? `Close round ${round.number}? Votes that are still on the way are refused then.` : '', 'Close it');
    return [`${round.number}`, round.name, STATES[round.state] || round.state,
      button(`${verb} ${round.number}`, word, `${word} round ${round.number}`, isOpen, act)];
  });
  return [table('Rounds of this event', [['Round'], ['Name'], ['State'], ['Change']], rows)];
}

function figure(cell) {
  if (!cell) return '–';
  const error = cell.error === null ? '' : ` ± ${cell.error.toFixed(2)}`;
  return `${cell.score.toFixed(2)}${error} (${cell.rank}${cell.tied ? '=' : ''})`;
}

function tally(view) {
  if (view.tally.length === 0) return [make('p', {}, 'No votes yet.')];
  return view.tally.map((category) => {
    const columns = [['Project'], ['Votes', true], ...category.methods.map((name) => [name, true])];
    const rows = category.rows.map((row) => [`${row.name} (${row.project})`, row.votes, ...row.cells.map(figure)]);
    const made = [table(category.name, columns, rows)];
    if (category.note) made.push(make('p', { class: 'bad' }, category.note));
    return made;
  }).flat();
}

/** What is short says so in words and not by its colour alone. */
function lack(count, complete) {
  return count > 0 ? make('span', { class: 'bad' }, `${count} short`) : make('span', { class: 'good' }, complete);
}

function people(ids) {
  return ids.length ? ids.join(', ') : '–';
}

function coverage(view) {
  const all = view.coverage;
  const lines = [make('p', {}, `${all.done} of ${all.wanted} assigned judgements are in; ${all.short} of ${all.all} lines are short.`),
    make('progress', { max: Math.max(all.wanted, 1), value: all.done, 'aria-label': 'Assigned judgements that are in' })];
  const columns = [['Project'], ['State'], ['In', true], ['Wanted', true], ['Category'], ['Round', true], ['Judged by'], ['Waiting for']];
  const rows = all.lines.map((it) => [`${it.name} (${it.project})`, lack(it.wanted - it.done, 'complete'),
    it.done, it.wanted, it.category, it.round, people(it.judges), people(it.waits)]);
  lines.push(rows.length ? table('Projects, what is short first', columns, rows) : make('p', {}, 'Nothing is assigned.'));
  if (all.lines.length < all.all) lines.push(make('p', { class: 'quiet' }, `${all.all - all.lines.length} more lines are not shown.`));
  return lines;
}

function judges(view) {
  const rows = view.judges.map((judge) => [`${judge.name} (${judge.id})`,
    judge.left > 0 ? make('span', { class: 'bad' }, `${judge.left} to do`) : make('span', { class: 'good' }, 'nothing to do'),
    `${judge.met} of ${judge.assigned}`, judge.done,
    judge.revoked ? 'revoked' : 'active',
    judge.revoked ? '' : button(`revoke ${judge.id}`, 'Revoke…', `Revoke ${judge.name}`, true,
      () => command({ do: 'revoke', judge: judge.id },
        `Revoke ${judge.name}? What arrives from this judge's key from now on is quarantined. This cannot be undone here.`, 'Revoke'))]);
  return [table('Judges, who has most to do first',
    [['Judge'], ['Left'], ['Assigned and done', true], ['Ballots', true], ['Key'], ['Change']], rows)];
}

/** Seconds as people say them; the hub has rounded them. */
function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
}

/** Who is quiet for longer than a node waits between two questions. */
const QUIET = 60;

function mesh(view) {
  if (view.near.length === 0) return [make('p', { class: 'bad' }, 'Nobody is connected to this hub.')];
  const heard = (it) => {
    if (it.quiet_s === null) return make('span', { class: 'quiet' }, 'nothing yet');
    return it.quiet_s < QUIET ? `${span(it.quiet_s)} ago` : make('span', { class: 'bad' }, `quiet for ${span(it.quiet_s)}`);
  };
  const rows = view.near.map((it) => [it.place, it.broadcast ? 'everybody near' : 'one neighbour', span(it.up_s), heard(it), it.packets, it.first]);
  return [table('Links of this hub, the quietest first',
    [['Link'], ['Reaches'], ['Up', true], ['Heard'], ['Packets', true], ['First here', true]], rows)];
}

function quarantine(view) {
  if (view.quarantine.length === 0) return [make('p', {}, 'None.')];
  const rows = view.quarantine.map((it) => [it.judge, it.project, it.category, it.scores.join(', '), it.at]);
  return [table('Arrived after their judge was revoked', [['Judge'], ['Project'], ['Category'], ['Points'], ['Arrived']], rows)];
}

function attention(view) {
  const lines = [...view.alarms, ...view.odd];
  return lines.length ? [make('ul', {}, ...lines.map((line) => make('li', {}, line)))] : [make('p', {}, 'Nothing.')];
}

function hub(view) {
  const rows = view.hub.map(([name, value]) => [name, value]);
  return [table('This hub', [['What'], ['Value']], rows)];
}

function render(view) {
  const focused = document.activeElement && document.activeElement.dataset.key;
  document.title = `${view.name} – organiser`;
  $('title').textContent = view.name;
  const parts = { rounds, attention, coverage, judges, mesh, tally, quarantine, hub };
  for (const [id, part] of Object.entries(parts)) {
    // A part that is the same stays, with its place in the scrolling and what was marked in it.
    const made = make('div', {}, ...part(view));
    if (made.innerHTML !== $(id).innerHTML) $(id).replaceChildren(...made.childNodes);
  }
  $('main').hidden = false;
  if (focused) {
    const again = document.querySelector(`[data-key="${CSS.escape(focused)}"]`);
    if (again && again !== document.activeElement) again.focus();
  }
}

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await call('GET', '/organiser/state');
    if (answer.status === 401 || answer.status === 403) {
      const said = await answer.json();
      say(said.detail, true);
      $('door').hidden = answer.status === 403;
      $('main').hidden = true;
      return;
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    const view = JSON.parse(text);
    $('door').hidden = true;
    if (Date.now() > saidUntil) {
      $('status').className = '';
      $('status').textContent = view.status;
    }
    const content = JSON.stringify({ ...view, status: '' });
    if (content !== shown) {
      shown = content;
      render(view);
    }
  } catch {
    $('status').className = 'bad';
    $('status').textContent = 'The hub does not answer; trying again.';
  }
  timer = setTimeout(refresh, 2000);
}

$('door').addEventListener('submit', (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  history.replaceState(null, '', `#${token}`);
  refresh();
});
$('rekey').addEventListener('click', () => command({ do: 'rekey' },
  'Make a new event key? Every judge and relay has to scan or load the new code before they can send again.', 'New key'));
refresh();
