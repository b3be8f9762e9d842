-- SPDX-License-Identifier: MIT
-- A pandoc filter: what of PROTOCOL.md is this repository's own business stays here: how it is
-- changed, and the table of test vectors, which names files that the other tree has not.
function Pandoc(doc)
  local kept, skipping = {}, false
  for _, block in ipairs(doc.blocks) do
    local raw = block.t == "RawBlock" and block.text or ""
    if raw:match("vectors:begin") or raw:match("house:begin") then skipping = true end
    if not skipping and block.t ~= "RawBlock" then
      table.insert(kept, block)
    end
    if raw:match("vectors:end") or raw:match("house:end") then skipping = false end
  end
  return pandoc.Pandoc(kept, doc.meta)
end

-- Sphinx has a lexer of that name only in newer versions.
function CodeBlock(block)
  block.classes = {}
  return block
end

-- A link to a file of this repository is its name.
function Link(link)
  if not link.target:match("^https?:") then return link.content end
end

-- Labels are global in Sphinx, and no section here is referred to by one.
function Header(header)
  header.identifier = ""
  return header
end
