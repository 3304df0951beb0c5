-- As much of Wireshark as the dissector needs to run in a plain Lua:
--
--     lua5.4 wireshark.lua tp3.lua integers|floats FILE
--
-- Each line of FILE is a UDP payload in hexadecimal. Prints what the columns of protocol and information show for it, and
-- behind a tab the number of the CLIREQ that it is linked with; fails if the dissector uses a
-- class, function or attribute that is not named here: these are all in Wireshark 4.0 to 4.4. The first payload is packet
-- 1, and all go from 10.0.0.9:40001 to 10.0.0.1:6001.

local script, numbers, file = ...

-- A number as Lua gets it from Wireshark.
local function number(value)
    return numbers == "floats" and value + 0.0 or value
end

-- A table in which nothing is to be had but what is in it.
local function strict(name, members)
    return setmetatable(members, {
        __index = function(_, key)
            error(name .. " has no " .. tostring(key), 2)
        end,
    })
end

-- A function, or several, that return an object with these functions.
local function makes(members)
    return function()
        return members
    end
end

local function nothing() end

-- An error of Wireshark's is one here too: integers may be floats, but whole ones.
local function whole(value)
    assert(value == math.floor(value), "no integer: " .. tostring(value))
end

local item = strict("TreeItem", { append_text = nothing, set_generated = nothing, add_proto_expert_info = nothing })
local linked_with
function item:add(field, value)
    if field == "tp3.request_in" then
        linked_with = value
    end
    return item
end

local fields = {}
for _, kind in ipairs({ "uint16", "uint32", "ipv4", "string", "bytes", "framenum", "relative_time" }) do
    fields[kind] = function(name)
        return name
    end
end

local protocols = {}
local function new_protocol(name)
    assert(not protocols[name], "there cannot be two protocols with the same name")
    protocols[name] = { prefs = {}, register_heuristic = nothing }
    return protocols[name]
end

local function address(text)
    local ip = { text = text }
    return setmetatable(ip, {
        __tostring = makes(text),
        __lt = function(one, other)
            return one.text < other.text
        end,
        __le = function(one, other)
            return one.text <= other.text
        end,
    })
end

-- Bytes as a Tvb and a TvbRange at once.
local function buffer(bytes)
    local tvb = {}
    function tvb:len()
        return number(#bytes)
    end
    tvb.reported_len = tvb.len
    function tvb:raw(at, len)
        return bytes:sub(at + 1, at + len)
    end
    function tvb:uint()
        local value = 0
        for at = 1, #bytes do
            value = value * 256 + bytes:byte(at)
        end
        return number(value)
    end
    function tvb:tvb()
        return tvb
    end
    return setmetatable(strict("Tvb", tvb), {
        __call = function(_, at, len)
            at = at or 0
            len = len or #bytes - at
            whole(at)
            whole(len)
            assert(at + len <= #bytes, "beyond the end")
            return buffer(bytes:sub(at + 1, at + len))
        end,
    })
end

local table_of_ports = strict("DissectorTable", { add_for_decode_as = nothing, add = nothing, remove = nothing })
local globals = {
    Proto = new_protocol,
    ProtoField = strict("ProtoField", fields),
    ProtoExpert = strict("ProtoExpert", { new = makes({}) }),
    Field = strict("Field", { new = makes(nothing) }),
    Address = strict("Address", { ip = address }),
    Dissector = strict("Dissector", { get = nothing }),
    DissectorTable = strict("DissectorTable", { get = makes(table_of_ports) }),
    Pref = strict("Pref", { range = makes("") }),
    NSTime = strict("NSTime", {
        new = function(seconds, nanoseconds)
            whole(seconds)
            whole(nanoseconds)
        end,
    }),
    base = strict("base", { DEC = 1, NONE = 0 }),
    frametype = strict("frametype", { REQUEST = 1 }),
    expert = strict("expert", {
        group = strict("expert.group", { MALFORMED = 1, PROTOCOL = 2, REASSEMBLE = 3, UNDECODED = 4 }),
        severity = strict("expert.severity", { ERROR = 1, WARN = 2, NOTE = 3, CHAT = 4 }),
    }),
    register_postdissector = nothing,
}
for name, value in pairs(globals) do
    _G[name] = value
end
-- What some Lua has and another has not.
for _, name in ipairs({ "unpack", "loadstring", "setfenv", "getfenv", "module", "bit32", "utf8" }) do
    _G[name] = nil
end
for _, gone in ipairs({ "getn", "maxn", "unpack", "pack", "move" }) do
    table[gone] = nil
end
for _, gone in ipairs({ "pow", "log10", "ldexp", "frexp", "cosh", "sinh", "tanh", "tointeger", "type", "ult" }) do
    math[gone] = nil
end
setmetatable(_G, {
    __index = function(_, name)
        error("no such global: " .. tostring(name), 2)
    end,
    __newindex = function(_, name)
        error("a new global: " .. tostring(name), 2)
    end,
})

assert(loadfile(script))()
local tp3 = protocols.tp3
tp3.init()
local count = 0
for line in io.lines(file) do
    count = count + 1
    local bytes = line:gsub("%x%x", function(digits)
        return string.char(tonumber(digits, 16))
    end)
    local pinfo = strict("Pinfo", {
        number = number(count),
        visited = false,
        in_error_pkt = false,
        rel_ts = count / 3,
        src = address("10.0.0.9"),
        dst = address("10.0.0.1"),
        src_port = number(40001),
        dst_port = number(6001),
        cols = {},
    })
    linked_with = nil
    tp3.dissector(buffer(bytes), pinfo, item)
    local link = linked_with and string.format("%d", linked_with) or ""
    print(pinfo.cols.protocol .. " " .. pinfo.cols.info .. "\t" .. link)
end
