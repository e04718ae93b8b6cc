// What is in the page that is not the page's own, sticks out of its place, or leads astray.
() => {
    const known = new Set([
        "html head meta title link script body noscript main form img h1 h2 p label span input details summary button",
        "div nav header b i svg path circle aside dialog small time bdi code pre a textarea datalist option",
    ].join(" ").split(" "));
    const found = [];
    const check = (isRight, what) => isRight || found.push(what);
    for (const node of document.querySelectorAll("*")) {
        const { localName, src } = node;
        check(known.has(localName), `an element ${localName}`);
        for (const { name } of node.attributes) check(!name.startsWith("on"), `an attribute ${name} of ${localName}`);
        if (src) check(src.startsWith(location.origin), `${localName} from ${src}`);
        if (localName === "script") check(src, "a script in the page");
        if (localName !== "a") continue;
        const { target, relList } = node, address = node.getAttribute("href");
        check(/^https?:[/][/]/i.test(address), `a link to ${address}`);
        check(target === "_blank" && relList.contains("noopener"), `a link that can reach the page: ${address}`);
    }
    for (const id of ["items", "side", "talks", "people", "members"]) {
        const { scrollWidth, clientWidth } = document.getElementById(id);
        check(scrollWidth <= clientWidth + 1, `#${id} is wider than its place: ${scrollWidth} > ${clientWidth}`);
    }
    check(document.documentElement.scrollWidth <= innerWidth, "the page is wider than the window");
    check(!/[\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent), "letters that turn the line around");
    check(!Object.keys(Object.prototype).length, "a property of every object");
    return found;
}
