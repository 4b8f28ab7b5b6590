'use strict';
// The page is complete without this; it only keeps it fresh.
const main = document.querySelector('main');
async function refresh() {
  try {
    const answer = await fetch('/', { cache: 'no-store' });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
      if (fresh && fresh.innerHTML !== main.innerHTML) main.replaceChildren(...fresh.childNodes);
    }
  } catch {
    // The hub is away; what is shown stays.
  }
  setTimeout(refresh, 5000);
}
setTimeout(refresh, 5000);
