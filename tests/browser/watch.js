// Runs in every page before anything of the page. Tells how long the page was busy at most, in milliseconds: with one
// task, between two frames, and from a key to the frame that shows what it did; and what its Content-Security-Policy
// refused.
"use strict";

globalThis.watched = { task: 0, gap: 0, key: 0 };

new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.task = Math.max(watched.task, Math.round(duration));
}).observe({ type: "longtask" });

addEventListener("keydown", ({ timeStamp }) => {
    requestAnimationFrame(() => (watched.key = Math.max(watched.key, Math.round(performance.now() - timeStamp))));
}, true);

let before;
function frame(now) {
    watched.gap = Math.max(watched.gap, Math.round(now - (before ?? now)));
    before = now;
    watched.frame?.();
    requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
    console.error(`policy: ${violatedDirective} refuses ${blockedURI} at ${sourceFile}:${lineNumber}`);
});
