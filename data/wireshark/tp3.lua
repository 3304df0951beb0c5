-- Wireshark dissector for the peer-to-peer key-value store: CLIREQ, QUERY and RESPONSE over UDP.
--
-- To install it, copy this file into the personal plugin folder (Help > About Wireshark > Folders > Personal Lua
-- Plugins; on Linux ~/.local/lib/wireshark/plugins). Without installing:
--
--     tshark -X lua_script:data/wireshark/tp3.lua -i lo -f udp
--
-- It recognises the protocol on any port. What a stranger to it could have sent as well (malformed messages, a QUERY
-- with a TTL that no servent sends, a CLIREQ with leftovers behind its NUL) is taken for it only at an address and
-- port that sent or got a QUERY before. To have all that comes and goes on some ports dissected, name them:
--
--     tshark -X lua_script:data/wireshark/tp3.lua -o tp3.ports:6001-6005 -i lo -f udp
--
-- or in Wireshark Edit > Preferences > Protocols > TP3, or Decode As (-d udp.port==6001,tp3). A port that Wireshark
-- knows as another protocol's goes to that one first, unless named here or with -o udp.try_heuristic_first:TRUE.
-- Where offload joins datagrams of one length (GSO, GRO), they are told apart again. Installed and named with
-- -X lua_script as well, or named twice, it is loaded once: the installed one, or the first.
--
-- It keeps to what Lua 5.2, 5.3 and 5.4 have in common, and to Wireshark's interface from 4.0 on.
--
-- Filters: tp3.type == 2, tp3.ttl == 1, tp3.client == 10.0.0.9, tp3.key == "http", tp3.malformed, tp3.leftover.
-- Keys and values are bytes (P-4) and are shown as the client shows them (P-44): UTF-8 as it is, but what could harm
-- a screen, and bytes that are no UTF-8, as \xNN. The P-numbers are the clauses in ARCHITECTURE.md.

-- Protocols can't be registered twice. (Where there is none, some versions of Wireshark return nil, others fail.)
local is_looked_up, registered = pcall(Dissector.get, "tp3")
if is_looked_up and registered then
    return
end

local TYPES = { [1] = "CLIREQ", [2] = "QUERY", [3] = "RESPONSE" }
local CLIREQ, QUERY, RESPONSE = 1, 2, 3
local TYPE_LEN, QUERY_HEADER_LEN = 2, 14
local TTL_MAX = 3
local UDP_HEADER_LEN = 8
-- A longer value is cut in the info column, not in the tree.
local INFO_TEXT_MAX = 200

local tp3 = Proto("tp3", "TP3 Key-Value Store")

local field = {
    type = ProtoField.uint16("tp3.type", "Type", base.DEC, TYPES),
    ttl = ProtoField.uint16("tp3.ttl", "Time-to-live"),
    client = ProtoField.ipv4("tp3.client", "Client address"),
    port = ProtoField.uint16("tp3.port", "Client port"),
    seq = ProtoField.uint32("tp3.seq", "Sequence number"),
    key = ProtoField.string("tp3.key", "Key"),
    value = ProtoField.string("tp3.value", "Value"),
    text = ProtoField.string("tp3.text", "Text without a tab"),
    terminator = ProtoField.bytes("tp3.terminator", "NUL terminator"),
    padding = ProtoField.bytes("tp3.padding", "Padding"),
    leftover = ProtoField.bytes("tp3.leftover", "Leftovers behind the NUL"),
    rest = ProtoField.bytes("tp3.rest", "Bytes that are no whole field"),
    malformed = ProtoField.string("tp3.malformed", "Malformed"),
    request_in = ProtoField.framenum("tp3.request_in", "Last CLIREQ of this client for this key", base.NONE,
        frametype.REQUEST),
    time = ProtoField.relative_time("tp3.time", "Time since that CLIREQ"),
}
tp3.fields = field

-- The fields of a QUERY behind its type: name, offset, length.
local QUERY_FIELDS = { { "ttl", 2, 2 }, { "client", 4, 4 }, { "port", 8, 2 }, { "seq", 10, 4 } }

local function expert_info(name, text, group, severity)
    return ProtoExpert.new("tp3." .. name, text, group, severity)
end

local function malformed_info(cause, text)
    return expert_info("malformed." .. cause, text, expert.group.MALFORMED, expert.severity.ERROR)
end

-- One for each cause that the servent counts apart (P-5).
local malformed = {
    too_short = malformed_info("too_short", "No room for the type"),
    unknown_type = malformed_info("unknown_type", "Unknown type"),
    short_query = malformed_info("short_query", "QUERY ends before its key"),
    empty_key = malformed_info("empty_key", "Empty key"),
    no_tab = malformed_info("no_tab", "RESPONSE without a tab"),
}
local odd = {
    ttl_zero = expert_info("odd.ttl_zero", "TTL 0 is never sent: a servent drops this (P-17)",
        expert.group.PROTOCOL, expert.severity.WARN),
    ttl_above = expert_info("odd.ttl_above", "A servent takes a TTL above 3 for 3 (P-17)",
        expert.group.PROTOCOL, expert.severity.WARN),
    client = expert_info("odd.client", "Nobody can be answered at this client address (P-23)",
        expert.group.PROTOCOL, expert.severity.WARN),
    leftover = expert_info("odd.leftover", "Text ends at its first NUL; the rest is ignored (P-2)",
        expert.group.PROTOCOL, expert.severity.NOTE),
    joined = expert_info("odd.joined", "Several datagrams that offload shows the capture as one",
        expert.group.REASSEMBLE, expert.severity.CHAT),
    cut = expert_info("odd.cut", "The capture holds only the beginning of this datagram",
        expert.group.UNDECODED, expert.severity.NOTE),
}
local experts = {}
for _, infos in ipairs({ malformed, odd }) do
    for _, info in pairs(infos) do
        experts[#experts + 1] = info
    end
end
tp3.experts = experts

-- Not to be had in a pass without a tree, in which Wireshark reads a file.
local udp_length = Field.new("udp.length")
local IPV4_FIRST, MULTICAST_FIRST = Address.ip("0.0.0.0"), Address.ip("224.0.0.0")

-- What a capture has told so far, by endpoint.
local servents = {} -- endpoint -> true, if it sent or got a QUERY.
local requests = {} -- client endpoint, NUL, key -> { frame, time } of the last CLIREQ.
local links = {} -- frame, colon, number of the datagram in it -> what `requests` held when it was first seen.

function tp3.init()
    servents, requests, links = {}, {}, {}
end

-- A key for `servents` and `requests`. An address may be shown as a name here, if the person wants names.
local function endpoint(address, port)
    -- Of a port that is a float to Lua, 5.3 and later would make another text.
    return string.format("%s %d", tostring(address), port)
end

-- The length of the UTF-8 character at `at` in `bytes` and its code point, or nil. At most 4 bytes are looked at.
local function utf8_character(bytes, at)
    local b1, b2, b3, b4 = bytes:byte(at, at + 3)
    local function follows(byte)
        return byte and byte >= 0x80 and byte <= 0xbf
    end
    if b1 < 0x80 then
        return 1, b1
    elseif b1 >= 0xc2 and b1 <= 0xdf and follows(b2) then
        return 2, (b1 - 0xc0) * 0x40 + b2 - 0x80
    elseif b1 >= 0xe0 and b1 <= 0xef and follows(b2) and follows(b3) then
        local code = (b1 - 0xe0) * 0x1000 + (b2 - 0x80) * 0x40 + b3 - 0x80
        -- Neither overlong nor a surrogate.
        if code >= 0x800 and (code < 0xd800 or code > 0xdfff) then
            return 3, code
        end
    elseif b1 >= 0xf0 and b1 <= 0xf4 and follows(b2) and follows(b3) and follows(b4) then
        local code = (b1 - 0xf0) * 0x40000 + (b2 - 0x80) * 0x1000 + (b3 - 0x80) * 0x40 + b4 - 0x80
        if code >= 0x10000 and code <= 0x10ffff then
            return 4, code
        end
    end
end

-- Control characters, C1, and what nobody sees: separators of lines, marks of direction, joiners, variation selectors,
-- fillers, tags (Unicode's Default_Ignorable_Code_Point, and the annotation characters). First and last of each range.
local HARMFUL = {
    0x0, 0x1f, 0x7f, 0x9f, 0xad, 0xad, 0x34f, 0x34f, 0x61c, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f,
    0x200b, 0x200f, 0x2028, 0x202e, 0x2060, 0x206f, 0x3164, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0,
    0xfff0, 0xfffb, 0x1bca0, 0x1bca3, 0x1d173, 0x1d17a, 0xe0000, 0xe0fff,
}

local function is_harmful(code)
    for at = 1, #HARMFUL, 2 do
        if code >= HARMFUL[at] and code <= HARMFUL[at + 1] then
            return true
        end
    end
    return false
end

local function escape_run(run)
    local shown, at = {}, 1
    while at <= #run do
        local len, code = utf8_character(run, at)
        if not len or (code < 0x80 and is_harmful(code)) then
            shown[#shown + 1] = string.format("\\x%02x", run:byte(at))
        elseif is_harmful(code) then
            shown[#shown + 1] = string.format("\\u{%x}", code)
        else
            shown[#shown + 1] = run:sub(at, at + len - 1)
        end
        at = at + (len or 1)
    end
    return table.concat(shown)
end

-- `bytes` as the client shows them (P-44), but for joiners and variation selectors, which are escaped here wherever they
-- stand. Tabs stay tabs. There is no NUL in them.
local function readable(bytes)
    return (bytes:gsub("[\1-\8\10-\31\127-\255]+", escape_run))
end

-- Reads a datagram of `len` bytes like `decode` in src/wire/decode.rs: the same checks in the same order. Where the
-- capture holds only the beginning of it, `bytes`, what can't be known is no error.
local function decode(bytes, len)
    local captured = #bytes
    local message = { bytes = bytes, cut = captured < len }
    local function fails(cause, detail)
        message.cause, message.detail = cause, detail
        return message
    end
    if len < TYPE_LEN then
        return fails("too_short", string.format("type: expected %d bytes, found %d", TYPE_LEN, len))
    elseif captured < TYPE_LEN then
        return message
    end
    local high, low = message.bytes:byte(1, 2)
    message.type = high * 256 + low
    message.name = TYPES[message.type]
    message.text_at = message.type == QUERY and QUERY_HEADER_LEN or TYPE_LEN
    if not message.name then
        return fails("unknown_type",
            string.format("type: expected 1 (CLIREQ), 2 (QUERY) or 3 (RESPONSE), found %d", message.type))
    elseif len < message.text_at then
        return fails("short_query", string.format("QUERY header: expected %d bytes, found %d", QUERY_HEADER_LEN, len))
    elseif captured < message.text_at then
        return message
    end
    local rest = message.bytes:sub(message.text_at + 1)
    message.nul = rest:find("\0", 1, true)
    message.text = message.nul and rest:sub(1, message.nul - 1) or rest
    message.behind_nul = message.nul and rest:sub(message.nul + 1) or ""
    message.leftover = message.behind_nul:find("[\1-\255]") ~= nil
    local tab = message.type == RESPONSE and message.text:find("\t", 1, true)
    -- Whether the text is here to its end.
    local ends = message.nul or not message.cut
    if tab == 1 or (message.text == "" and ends) then
        return fails("empty_key", message.name .. " key: expected at least 1 byte, found none")
    elseif message.type ~= RESPONSE then
        message.key = message.text
    elseif tab then
        message.key, message.value = message.text:sub(1, tab - 1), message.text:sub(tab + 1)
    elseif ends then
        return fails("no_tab", string.format("RESPONSE text: expected a tab, found none in %d bytes", #message.text))
    end
    return message
end

local function info_text(bytes)
    local more = #bytes > INFO_TEXT_MAX and "..." or ""
    return readable(bytes:sub(1, INFO_TEXT_MAX)):gsub("\t", " ") .. more
end

local function query_header(bytes)
    local byte = { bytes:byte(1, QUERY_HEADER_LEN) }
    local address = string.format("%d.%d.%d.%d", byte[5], byte[6], byte[7], byte[8])
    local seq = ((byte[11] * 256 + byte[12]) * 256 + byte[13]) * 256 + byte[14]
    return { ttl = byte[3] * 256 + byte[4], address = address, port = byte[9] * 256 + byte[10], seq = seq }
end

local function info(message)
    if message.cause then
        return "[Malformed] " .. message.detail
    elseif not message.text then
        return (message.name or "") .. " [cut short by the capture]"
    end
    local words = message.name
    if message.type == QUERY then
        local header = query_header(message.bytes)
        words = string.format("%s ttl %d client %s:%d seq %.0f", words, header.ttl, header.address, header.port,
            header.seq)
    end
    words = words .. " key " .. info_text(message.key or message.text)
    return message.value and words .. " value " .. info_text(message.value) or words
end

-- `text` behind its datagram's ports, as Wireshark shows those of UDP: servents on one host differ by nothing else.
local function info_column(pinfo, text)
    return string.format("%d → %d %s", pinfo.src_port, pinfo.dst_port, text)
end

-- Whether a RESPONSE can be sent to this client (P-23). The heuristic asks this as well.
local function can_be_answered(bytes)
    local first = bytes:byte(5)
    return first ~= 0 and first < 224 and bytes:sub(9, 10) ~= "\0\0"
end

local function add_text(tree, tvb, which, at, bytes)
    -- An empty range is an error in some versions of Wireshark.
    if bytes == "" then
        tree:add(field[which], "")
    else
        tree:add(field[which], tvb(at, #bytes), readable(bytes))
    end
end

local function add_behind_text(tree, tvb, message)
    if not message.nul then
        return
    end
    local nul_at = message.text_at + message.nul - 1
    tree:add(field.terminator, tvb(nul_at, 1))
    if message.leftover then
        tree:add(field.leftover, tvb(nul_at + 1, #message.behind_nul)):add_proto_expert_info(odd.leftover)
    elseif message.behind_nul ~= "" then
        tree:add(field.padding, tvb(nul_at + 1, #message.behind_nul))
    end
end

local function add_query_fields(tree, tvb, message)
    local item, at = {}, TYPE_LEN
    for _, each in ipairs(QUERY_FIELDS) do
        local name, offset, len = each[1], each[2], each[3]
        if #message.bytes >= offset + len then
            item[name], at = tree:add(field[name], tvb(offset, len)), offset + len
        end
    end
    if item.ttl then
        local ttl = tvb(2, 2):uint()
        if ttl == 0 then
            item.ttl:add_proto_expert_info(odd.ttl_zero)
        elseif ttl > TTL_MAX then
            item.ttl:add_proto_expert_info(odd.ttl_above)
        end
    end
    if item.port and not can_be_answered(message.bytes) then
        item.client:add_proto_expert_info(odd.client)
    end
    return at
end

local function add_fields(tree, tvb, message)
    local at = 0
    if message.type then
        tree:add(field.type, tvb(0, TYPE_LEN))
        at = TYPE_LEN
    end
    if message.type == QUERY then
        at = add_query_fields(tree, tvb, message)
    end
    if not message.text then
        if #message.bytes > at then
            tree:add(field.rest, tvb(at))
        end
        return
    end
    if message.key then
        add_text(tree, tvb, "key", message.text_at, message.key)
    elseif message.text ~= "" then
        add_text(tree, tvb, "text", message.text_at, message.text)
    end
    if message.value then
        add_text(tree, tvb, "value", message.text_at + #message.key + 1, message.value)
    end
    add_behind_text(tree, tvb, message)
end

-- A key for `links`.
local function place(pinfo, number)
    return string.format("%d:%d", pinfo.number, number)
end

-- Remembers what later datagrams are understood by. An ICMP error quotes a datagram that was seen, or went astray.
local function learn(message, pinfo, number)
    if pinfo.visited or pinfo.in_error_pkt or message.cause or not message.key then
        return
    end
    local from, to = endpoint(pinfo.src, pinfo.src_port), endpoint(pinfo.dst, pinfo.dst_port)
    local this = place(pinfo, number)
    if message.type == CLIREQ then
        requests[from .. "\0" .. message.key] = { frame = pinfo.number, time = pinfo.rel_ts }
    elseif message.type == QUERY then
        servents[from], servents[to] = true, true
        local header = query_header(message.bytes)
        links[this] = requests[endpoint(Address.ip(header.address), header.port) .. "\0" .. message.key]
    else
        links[this] = requests[to .. "\0" .. message.key]
    end
end

local function add_link(tree, pinfo, number)
    local request = links[place(pinfo, number)]
    if not request or pinfo.in_error_pkt then
        return
    end
    tree:add(field.request_in, request.frame):set_generated()
    local seconds, fraction = math.modf(pinfo.rel_ts - request.time)
    tree:add(field.time, NSTime.new(seconds, math.floor(fraction * 1e9 + 0.5))):set_generated()
end

local function dissect_one(message, tvb, pinfo, root, number)
    local tree = #message.bytes > 0 and root:add(tp3, tvb()) or root:add(tp3)
    tree:append_text(", " .. info(message))
    add_fields(tree, tvb, message)
    if message.cause then
        local item = tree:add(field.malformed, message.cause)
        item:set_generated()
        item:add_proto_expert_info(malformed[message.cause], message.detail)
    elseif message.cut then
        tree:add_proto_expert_info(odd.cut)
    end
    learn(message, pinfo, number)
    add_link(tree, pinfo, number)
    return tree
end

-- Words that somebody would ask for: UTF-8 that the screen shows as it is, or letters in Latin-1, at most half of them
-- accented.
local function looks_like_key(key)
    if readable(key) == key then
        return not key:find("^ ") and not key:find(" $") and not key:find("\t", 1, true)
    end
    local _, accented = key:gsub("[\192-\255]", "")
    return not key:find("[^0-9A-Za-z._\192-\255-]") and 2 * accented <= #key
end

-- Whether nobody but this protocol would send this. A QUERY's header says much. The type alone, two bytes, says
-- little: other protocols begin with small numbers as well, and with a text and a NUL (TFTP does). So behind the NUL
-- of the other two there may be nothing but padding, and a CLIREQ of one byte and padding is nobody's in particular.
local function is_unmistakable(message)
    if not message.key or not looks_like_key(message.key) then
        return false
    elseif message.type == QUERY then
        local ttl = query_header(message.bytes).ttl
        return ttl >= 1 and ttl <= TTL_MAX and can_be_answered(message.bytes)
    end
    return not message.leftover and (message.type == RESPONSE or not message.nul or #message.key > 1)
end

-- With segmentation or receive offload the kernel shows a capture several datagrams of one length, the last one perhaps
-- shorter, as one. Nothing tells where each ends but that the next one's type stands behind its text and padding: read
-- as one they would be a message with leftovers. Returns the messages, or nil if these aren't several.
local function split(whole)
    if not whole.leftover or whole.cut then
        return nil
    end
    local bytes = whole.bytes
    local _, type_end = bytes:find("^\0+[\1-\3]", whole.text_at + #whole.text + 1)
    if not type_end then
        return nil
    end
    local size, messages = type_end - TYPE_LEN, {}
    for at = 1, #bytes, size do
        local part = bytes:sub(at, at + size - 1)
        local message = decode(part, #part)
        if message.type ~= whole.type or not is_unmistakable(message) then
            return nil
        end
        messages[#messages + 1] = message
    end
    return messages
end

-- What is in a UDP payload: one message, or several that offload joined.
local function decode_all(tvb, pinfo)
    local bytes = tvb:len() > 0 and tvb:raw(0, tvb:len()) or ""
    local len = tvb:reported_len()
    if pinfo.in_error_pkt then
        -- An ICMP error quotes only the beginning, whose UDP header tells how long the whole was.
        local lengths = { udp_length() }
        local innermost = lengths[#lengths]
        len = innermost and math.max(len, innermost.value - UDP_HEADER_LEN) or len + 1
    end
    local whole = decode(bytes, len)
    return split(whole) or { whole }
end

local function dissect(messages, tvb, pinfo, root)
    pinfo.cols.protocol = "TP3"
    if #messages == 1 then
        pinfo.cols.info = info_column(pinfo, info(messages[1]))
        dissect_one(messages[1], tvb, pinfo, root, 1)
        return
    end
    local joined = string.format("[%d datagrams in one] %s, ...", #messages, info(messages[1]))
    pinfo.cols.info = info_column(pinfo, joined)
    local at = 0
    for number, message in ipairs(messages) do
        local tree = dissect_one(message, tvb(at, #message.bytes):tvb(), pinfo, root, number)
        tree:add_proto_expert_info(odd.joined)
        at = at + #message.bytes
    end
end

function tp3.dissector(tvb, pinfo, root)
    dissect(decode_all(tvb, pinfo), tvb, pinfo, root)
    return tvb:len()
end

-- Whether this comes from or goes to an endpoint that is known to be a servent's.
local function is_servents(pinfo)
    return servents[endpoint(pinfo.src, pinfo.src_port)] or servents[endpoint(pinfo.dst, pinfo.dst_port)]
end

-- The protocol is unicast and IPv4; other kinds of addresses are smaller or larger than these.
local function recognise(tvb, pinfo, root)
    if pinfo.dst < IPV4_FIRST or pinfo.dst >= MULTICAST_FIRST then
        return false
    end
    local messages = decode_all(tvb, pinfo)
    if not (is_servents(pinfo) or is_unmistakable(messages[1])) then
        return false
    end
    dissect(messages, tvb, pinfo, root)
    return true
end

tp3:register_heuristic("udp", recognise)

local udp_ports = DissectorTable.get("udp.port")
local ports_now = ""
udp_ports:add_for_decode_as(tp3)
tp3.prefs.ports = Pref.range("UDP ports", ports_now, "All that comes and goes on these ports is TP3 (6001-6005,7000)",
    65535)

function tp3.prefs_changed()
    if ports_now ~= "" then
        udp_ports:remove(ports_now, tp3)
    end
    ports_now = tp3.prefs.ports
    if ports_now ~= "" then
        udp_ports:add(ports_now, tp3)
    end
end

local function is_named(port)
    for first, to, last in ports_now:gmatch("(%d+)(%-?)(%d*)") do
        if port >= tonumber(first) and port <= tonumber(to == "" and first or last) then
            return true
        end
    end
    return false
end

-- No dissector is called for UDP without a payload, but a datagram of 0 bytes is malformed as well (P-5).
local empty = Proto("tp3_empty", "TP3 Key-Value Store, datagrams of 0 bytes")

function empty.dissector(_, pinfo, root)
    local length = { udp_length() }
    if #length ~= 1 or length[1].value ~= UDP_HEADER_LEN then
        return
    end
    if is_named(pinfo.src_port) or is_named(pinfo.dst_port) or is_servents(pinfo) then
        local nothing = ByteArray.new(""):tvb("TP3")
        dissect(decode_all(nothing, pinfo), nothing, pinfo, root)
    end
end

register_postdissector(empty)
