//! Makes the page what the nodes say, with as few changes as that takes: fields keep what was typed, and the focus stays.

use crate::node::{Element, Node};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element as DomElement, Node as DomNode};

/// Drawings have a namespace of their own. None of these names is also one of HTML.
const DRAWN: [&str; 2] = ["svg", "path"];
const DRAWINGS: &str = "http://www.w3.org/2000/svg";

/// Changes what is inside `parent` from `old`, which it holds, to `new`.
pub(super) fn patch(
    document: &Document,
    parent: &DomNode,
    old: &[Node],
    new: &[Node],
) -> Result<(), JsValue> {
    let there = parent.child_nodes();
    // What has a key and is gone goes first: what came after it stays what it is, and does not become it.
    let mut kept = Vec::new();
    for node in old {
        match node {
            Node::Element(element) if !element.key.is_empty() && !element.is_among(new) => {
                if let Some(child) = there.item(kept.len() as u32) {
                    parent.remove_child(&child)?;
                }
            }
            Node::Element(_) | Node::Text(_) => kept.push(node),
        }
    }
    let old = kept;
    for surplus in (new.len()..old.len()).rev() {
        if let Some(child) = there.item(surplus as u32) {
            parent.remove_child(&child)?;
        }
    }
    for (index, node) in new.iter().enumerate() {
        match (old.get(index), there.item(index as u32)) {
            (Some(before), Some(child)) => change(document, parent, &child, before, node)?,
            _ => drop(parent.append_child(&make(document, node)?)?),
        }
    }
    Ok(())
}

fn change(
    document: &Document,
    parent: &DomNode,
    child: &DomNode,
    before: &Node,
    node: &Node,
) -> Result<(), JsValue> {
    match (before, node) {
        (before, node) if before == node => {}
        (Node::Text(_), Node::Text(text)) => child.set_text_content(Some(text)),
        (Node::Element(before), Node::Element(element))
            if before.tag == element.tag && before.key == element.key =>
        {
            change_attributes(child.unchecked_ref(), before, element)?;
            patch(document, child, &before.children, &element.children)?;
        }
        _ => drop(parent.replace_child(&make(document, node)?, child)?),
    }
    Ok(())
}

fn change_attributes(dom: &DomElement, before: &Element, now: &Element) -> Result<(), JsValue> {
    for (name, _) in &before.attributes {
        if !now.attributes.iter().any(|(kept, _)| kept == name) {
            dom.remove_attribute(name)?;
        }
    }
    for attribute in &now.attributes {
        if !before.attributes.contains(attribute) {
            dom.set_attribute(attribute.0, &attribute.1)?;
        }
    }
    Ok(())
}

fn make(document: &Document, node: &Node) -> Result<DomNode, JsValue> {
    let element = match node {
        Node::Text(text) => return Ok(document.create_text_node(text).into()),
        Node::Element(element) => element,
    };
    let dom = match DRAWN.contains(&element.tag) {
        true => document.create_element_ns(Some(DRAWINGS), element.tag)?,
        false => document.create_element(element.tag)?,
    };
    for (name, value) in &element.attributes {
        dom.set_attribute(name, value)?;
    }
    for child in &element.children {
        dom.append_child(&make(document, child)?)?;
    }
    Ok(dom.into())
}
