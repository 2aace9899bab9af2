-- Marks a request whose first attempt opens a connection, for envoy/repeat.lua.
--
-- The control plane puts a constant before this text: NAMESPACE, the metadata that is the mark.

function envoy_on_request(handle)
  handle:streamInfo():dynamicMetadata():set(NAMESPACE, "new", true)
end
