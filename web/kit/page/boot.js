
// Added to the module that wasm-bindgen makes, because the page may load one script only: the one whose hash its policy names.
const policy = globalThis.trustedTypes?.createPolicy('countersign', {
  createScriptURL: (url) => {
    if (url === '/sw.js') return url;
    throw new TypeError('no script but the service worker');
  },
});
// The script is there: from here on it says itself if something fails.
const failed = document.getElementById('failed');
failed.hidden = true;
const shell = fetch('{{wasm}}', { integrity: '{{wasm-integrity}}' });
__wbg_init({ module_or_path: shell }).catch((error) => {
  failed.className = 'now';
  failed.hidden = false;
  throw error;
});
navigator.serviceWorker?.register(policy ? policy.createScriptURL('/sw.js') : '/sw.js').catch(() => {});
